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
