-- How whole a figure has to be before it is shown: data of the domain, read by the views `coverage` and `delays`.

create table figure_rules (figure varchar not null, at_least double not null, precision varchar not null);
comment on table figure_rules is 'One row per figure that the domain withholds where too little of what it rests on is there.';
comment on column figure_rules.figure is 'Name of the figure: that of the view `coverage`.';
comment on column figure_rules.at_least is 'The least coverage with which it is shown; a share of 1.';
comment on column figure_rules.precision is 'The coarsest precision of a time that the figure can rest on: instant, day or month.';
