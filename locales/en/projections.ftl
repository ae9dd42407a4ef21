### What a projection assumes: `assumption-<code>`.

assumption-demand-as-last-8-weeks = Demand goes on as in the last eight weeks, by weekday, whatever feasts are near, where less than half a year is known; the bands are as wide as past errors were.
assumption-supply-as-last-8-weeks = Units of no drive are received as in the last eight weeks, by weekday; those of them still in quarantine are part of that and are not added.
assumption-demand-by-calendar = Demand follows weekday, season and calendar as learnt from the past; the bands are as wide as past errors of totals were.
assumption-supply-by-calendar = Units of no drive are received by weekday, season and calendar as learnt from the past; those of them still in quarantine are part of that and are not added.
assumption-drives-as-booked = Published drives bring what those booked may give by their own recorded group: whole blood as red cells and plasma, two days later, less those who stay away, are deferred or whose units are lost. Who has no known group, who has not accepted and places that are free are not counted. Drives that are not published are told apart.
assumption-closures-as-now = Roads that are closed now stay closed, others stay open: what they cut apart is listed apart. Emergencies are not read.
assumption-first-to-expire-first = The unit that expires first is issued first; demand that cannot be met is lost, not put off.
assumption-others-by-the-rule-of-issue = What a group lacks comes from others that fit, by the very rule by which units are issued
assumption-full-life-less-2-days = Units are received two days after collection, with the rest of the usual life of the component.
assumption-silent-days-are-zero = A day without a record counts as a day on which nothing moved.
assumption-no-sharing-between-regions = Nothing passes between sharing regions; their figures are never added up.
assumption-no-history = Where nothing ever moved there is nothing to project from.
