### What a projection assumes: `assumption-<code>`.

assumption-demand-as-last-8-weeks = Demand goes on as in the last eight weeks, by weekday; the bands are as wide as past errors were. Of feasts nothing is known there.
assumption-supply-as-last-8-weeks = Units of no drive are received as in the last eight weeks, by weekday; those of them still in quarantine are part of that and are not added.
assumption-demand-by-calendar = Demand follows weekday, season and calendar as learnt from the past; the bands are as wide as past errors of totals were.
assumption-supply-by-calendar = Units of no drive are received by weekday, season and calendar as learnt from the past; those of them still in quarantine are part of that and are not added.
assumption-drives-as-booked = Published drives bring what those booked may give by their own recorded group: whole blood as red cells and plasma, two days later, less those who stay away, are deferred or whose units are lost, and less the share of drives that were called off in the last two years (one in twenty where little is known), the less the nearer the day. Who has no known group, who has not accepted and places that are free are not counted. Drives that are not published are told apart.
assumption-closures-as-now = Roads that are closed now stay closed, others stay open: what they cut apart is listed apart. Emergencies are not read.
assumption-first-to-expire-first = The unit that expires first is issued first; demand that cannot be met is lost, not put off.
assumption-others-by-the-rule-of-issue = What a group lacks comes from others that fit, by the very rule by which units are issued
assumption-full-life-less-2-days = Units are received two days after collection, with the rest of the usual life of the component.
assumption-silence-is-unknown = A governorate of which nothing was heard on days on which it usually is counts with its usual day, not as zero; where such make up most of an area, the day is left out. Where days without a movement are usual, they are zeros.
assumption-no-sharing-between-regions = Nothing passes between sharing regions; their figures are never added up.
assumption-no-history = Where nothing ever moved there is nothing to project from.
assumption-demand-as-believed = Where less than half a year is known, demand follows the weekdays of what is known; on feasts a tenth less is believed to be asked for.
assumption-supply-as-believed = Where less than half a year is known, units of no drive are received by the weekdays of what is known; of the fast and its feasts what was published of donations elsewhere is believed (0.76 of an ordinary day in the fast, next to nothing on the feast).
assumption-moon-a-day-off = A fast or a feast that the moon has not told yet may begin a day early or late: three futures of twenty each.
