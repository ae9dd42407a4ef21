### Drives, the sheet for an emergency, the programme.

page-working = Drives
page-emergency = Emergency
page-programme = Programme

column-month = Month
column-step = Step
column-people = How many
column-branch = Branch
month-long = { $month } { $year }

working-title = Are drives working?
working-year = The year, day by day
working-key = Each column is a week, Sunday above. A square is a day with drives: the larger, the more was collected. A ring: drives of fewer than twenty people, of which no figure is told.
working-funnel = From places to units
working-told =
    { $n ->
        [one] Of one drive.
       *[other] Of { $n } drives.
    }
working-floor = Drives to which fewer than twenty came are left out; who was deferred, left or gave too little is one figure.
working-months = Month by month
working-none = There was no drive.
working-cut = There were more drives than are read here.
working-held = Held
working-cancelled = Cancelled
working-with-figures = With figures
working-places = Places
working-booked = Booked
working-came = Came
working-no-shows = Booked, did not come
working-goal = Goal
working-not-collected = Came, nothing collected
working-collected = Collected
working-part = Collected of those who came

sheet-title = How much can be brought together now?
sheet-note = Units that may be issued, and beside them, never added, red cells of donors who would be called now: at least so many in nine of ten calls, in brackets the mean. They are untested. Regions that cannot reach each other are never added up. No call is made from here.
sheet-sites =
    { $n ->
        [zero] No site bleeds here
        [one] One site bleeds here
       *[other] { $n } sites bleed here
    }
sheet-on-shelf = On the shelves
sheet-callable = Could be called
sheet-hours = Within { $n } h
sheet-at-most = The sites can bleed at most
sheet-shelves = Units that may be issued, site by site
sheet-low-titre = Low titre O among the whole blood
sheet-screened = Screened donors of group O and low titre, ready to be called:
sheet-under-20 = fewer than 20

programme-title = What does the programme do?
programme-year = The ten branches in the last year
programme-held = Held
programme-planned = Planned
programme-cancelled = Cancelled
programme-people = People reached
programme-hours = Hours
programme-units = Units
programme-see-drives = Of drives the day and the governorate are told
programme-month = What is planned in { $month }
programme-before = The month before
programme-after = The month after
programme-closed = Roads closed
programme-clashes =
    { $n ->
        [one] One conflict
       *[other] { $n } conflicts
    }
programme-conflicts = Units on two activities at once
programme-no-conflict = None of what is shown.
