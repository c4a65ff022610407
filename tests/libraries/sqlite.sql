-- SPDX-License-Identifier: Apache-2.0
-- SQLite in a domain, in memory: joins, windows, recursion, JSON, full text, R-tree, transactions, integrity. Prints what must not differ.
create table part(id integer primary key, name text not null, price real check(price >= 0));
with recursive n(i) as (select 1 union all select i + 1 from n where i < 5000)
insert into part select i, 'part ' || (i * 7919 % 5000), (i * 31 % 997) / 10.0 from n;
create index part_name on part(name);
create table sold(part integer references part, day integer, count integer);
insert into sold select id, id % 365, id % 13 from part where id % 3 = 0;
select count(*), sum(price), round(avg(price), 6), min(name), max(name) from part;
select p.name, sum(s.count * p.price) as total from sold s join part p on p.id = s.part group by p.id order by total desc, p.name limit 5;
select day, sum(count) over (order by day rows between 2 preceding and current row) from (select day, sum(count) as count from sold group by day) limit 5;
explain query plan select * from part where name between 'part 100' and 'part 200' order by name;
begin;
update part set price = price * 1.1 where id % 2;
delete from part where id > 4000;
rollback;
select total_changes() > 0, count(*), printf('%.3f', sum(price)) from part;
savepoint a;
insert into part values (10001, 'temporary', 1);
rollback to a;
release a;
insert or ignore into part values (1, 'duplicate', 1);
select changes();
select json_extract('{"a":[1,2,{"b":"c"}]}', '$.a[2].b'), json_group_array(id) from (select id from part limit 3);
create virtual table words using fts4(text);
insert into words values ('a porcelain cup'), ('porous stone'), ('a cup of tea');
select rowid, snippet(words) from words where words match 'cup' order by rowid;
create virtual table boxes using rtree(id, x0, x1, y0, y1);
insert into boxes select id, id % 100, id % 100 + 5, id / 100, id / 100 + 5 from part where id < 1000;
select count(*) from boxes where x1 >= 50 and x0 <= 52 and y1 >= 3 and y0 <= 4;
select hex(zeroblob(4)), quote('it''s'), upper('straße'), 9223372036854775807 + 1, 7 / 2, 7 / 2.0, round(sqrt(2), 12), sin(1.0);
select strftime('%Y-%m-%d %H:%M', 1000000000, 'unixepoch'), julianday('2026-01-31');
select 1 from missing;
create table bad(x check(x > 0)); insert into bad values (-1);
select group_concat(name, '|') from (select name from part where name like '%99%' and name glob 'part [0-4]*' order by length(name), name limit 4);
vacuum;
pragma integrity_check;
