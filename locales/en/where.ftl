### Where is it, and where is it going.

page-where = Where
page-ahead = Ahead

where-title = Where is it?
where-tiles = The governorates as they lie, north above
where-caption = The governorates, worst first, from nothing to { $end } days. Solid line: target { $target }. Dotted: stop point { $stop }.
where-cut = Cut off: its roads are closed
where-cut-short = cut off
where-reaches = Reaches only { $names }
where-note = Each governorate stands by its own shelves alone; what its region can share stands under Tonight. A broken frame: its roads are closed.

day-short = { $day } { $month }
column-low-high = From – to
column-low = One in ten lies below
column-high = One in ten lies above
column-middle-with = Middle with proposed drives
column-middle = Middle

ahead-title = Where is it going?
ahead-published =
    { $n ->
        [one] One published drive within 90 days.
       *[other] { $n } published drives within 90 days.
    }
ahead-proposed =
    { $n ->
        [one] One is not published yet.
       *[other] { $n } are not published yet.
    }
ahead-key = Units on hand as days of what is asked for, on one scale up to { $top } days for all groups. Band: eight paths in ten; line: the middle; dashed line: with the drives that are not published yet. Solid level: target { $target }; dotted: stop point { $stop }. Ticks: days with a drive.
ahead-first = { $level } from { $day }
ahead-no-shortage = No shortage expected within 90 days
ahead-unknown = Nothing ever moved here, so there is nothing to project from
ahead-with-proposed = With the drives that are not published yet: { $first }
ahead-figures = On hand now { $units } · asked for a day { $demand } · expected of published drives { $drives }
ahead-losses = · outdates { $outdated } · lacks { $unmet } (chance of any: { $chance } %)
ahead-demand-above = For weeks more was asked for than expected: look why. What is drawn follows within weeks.
ahead-demand-below = For weeks less was asked for than expected: look why. What is drawn follows within weeks.
ahead-supply-above = Outside drives, more was received for weeks than expected: look why. What is drawn follows within weeks.
ahead-supply-below = Outside drives, less was received for weeks than expected: look why. What is drawn follows within weeks.
ahead-table = The same as a table, week by week
ahead-assumptions = What this rests on
