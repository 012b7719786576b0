-- Nothing: this number is taken by another step that is not here yet.
select 1;
