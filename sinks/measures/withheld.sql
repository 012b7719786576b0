-- One row per agency of whose events so little is there that a figure is withheld: why.
select agency, withheld from agency_coverage where figure = $figure and withheld is not null order by agency
