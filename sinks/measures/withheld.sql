-- One row per figure and agency of whose events so little is there that the figure is withheld: why.
select figure, agency, withheld from agency_coverage where withheld is not null order by figure, agency
