### The words of pages.

frame-skip = To the content
frame-demo = Demo data, not real: every name and figure here was generated.
frame-pages = Pages

page-reserve = Tonight
page-drives = My drives
page-shelf = Shelves
page-docs = API description

page-as-file = This table as a file:
page-as-of = As of

problem-home = To the first page
problem-code = Code:

role-admin = Administration
role-command = Command
role-medic = Unit medic
role-hospital = Hospital
role-bank = Blood bank
role-physician = Physician

sign-in-title = Sign in
sign-in-username = User name
sign-in-password = Password
sign-in-new = New password
sign-in-new-hint = Somebody else chose the present password. Choose one of your own, at least { $n } characters, to finish signing in.
sign-in-same = The new password is the present one
    .detail = Choose a password that differs from the present one.

weekday-0 = Sunday
weekday-1 = Monday
weekday-2 = Tuesday
weekday-3 = Wednesday
weekday-4 = Thursday
weekday-5 = Friday
weekday-6 = Saturday

month-1 = January
month-2 = February
month-3 = March
month-4 = April
month-5 = May
month-6 = June
month-7 = July
month-8 = August
month-9 = September
month-10 = October
month-11 = November
month-12 = December

day-long = { $weekday } { $day } { $month } { $year }

column-group = Group
column-day = Day
column-time = Time
column-drive = Drive
column-governorate = Governorate
column-status = State
column-booked = Booked

drive-status-draft = Draft
drive-status-open = Open for booking
drive-status-closed = Closed
drive-status-cancelled = Cancelled
drive-status-done = Done

drives-title = Which drives are coming?
drives-caption = Blood drives of my units within 60 days, nearest first.
drives-none = My units have no drive within 60 days.
drives-untitled = Blood drive
drives-full = Full

shelf-title = What is on our shelves?
shelves-title = What is on the shelves?
shelf-empty = There is no unit on the shelves.
shelf-caption = Units that may be issued, by group and component. In brackets: those that expire within 3 days.
shelf-expiring = ({ $n } expire)
shelf-quarantine = In quarantine
shelf-caption-own = Units that may be used here (issued to us and come in, or collected here and released), by group and component. In brackets: those that expire within 3 days.
shelf-counted = last counted
shelf-never-counted = never counted
shelf-order-title = How long does it last, and what is to be asked for?
shelf-order-note = Days: at the pace of the last 8 weeks. To ask for: what should lie here, less what lies here and does not expire within 3 days. Nothing is asked for by itself.
shelf-par-title = How much should lie here
shelf-par = Units (empty: nobody says)
shelf-confirm-title = Confirm the shelf
shelf-confirm-units = Units counted, of all components
shelf-confirm-note = Count the bags first. If the register knows another number, nothing is confirmed.
shelf-note = Units in quarantine are not tested yet and never count with those that may be issued. Every request needs two samples, an antibody screen and a crossmatch.

action-show = Show
list-comma = ,

column-component = Component
column-region = Region
column-cover = Days of cover
column-level = Level
column-units = Units
column-trend = Change in 7 days
column-days = Days
column-par = Should be
column-order = To ask for
column-expiring = Expire within 3 days
column-demand = Demand a day
column-donors = Eligible donors (never added)
column-donors-short = Eligible donors
column-day-0 = Today
column-day-3 = In 3 days
column-day-7 = In 7 days

reserve-title = Can we cover tonight?
reserve-silent = Sites of which nothing was heard for too long:
reserve-silent-more = and { $n } more
reserve-worst = Worst now
reserve-todo = What is to be done, and who sees to it
reserve-lasts = Lasts { $days } days
reserve-days = { $days } d
reserve-missing =
    { $n ->
        [one] One unit short of the target.
       *[other] { $n } units short of the target.
    }
reserve-missing-floor =
    { $n ->
        [one] One unit short of the least.
       *[other] { $n } units short of the least.
    }
reserve-expire =
    { $n ->
        [one] One expires within 3 days.
       *[other] { $n } expire within 3 days.
    }
reserve-floor = least { $n }
reserve-all-well = Every group that is known stands at its target or above, in every region.
reserve-nothing = Nothing of this component moved for 28 days, so nobody can say how long it lasts.
reserve-caption = Days of cover of each group, worst first, from nothing to { $end }. Solid line: target { $target }. Dotted: stop point { $stop }.
reserve-under-20 = fewer than 20 registered
reserve-no-donors = none registered here
reserve-note = Eligible donors are not tested blood, so they are never added to the units. A group of which fewer than one unit a day is asked for is judged by its units, not by days.
reserve-across = The regions side by side
reserve-across-caption = Days of cover and level. Regions that cannot reach each other are never added up.

roster-title = Who is expected?
roster-count =
    { $n ->
        [one] One appointment.
       *[other] { $n } appointments.
    }
roster-caption = Appointments by time, without names. The empty columns are filled in by hand.
roster-caption-names = Appointments by time, with names. The empty columns are filled in by hand.
roster-none = Nobody has an appointment yet.
roster-with-names = Show the names
roster-recorded = Each name that is shown is recorded as opened to check in.
roster-impossible = Cannot give that day
roster-destroy = A printed list is kept by whoever runs the drive and destroyed after close-out.
drives-roster = Who is expected
column-name = Name
column-service-number = Service number
column-record = Record
column-gives = Gives
column-document-seen = Document seen
column-bag-number = Bag number
column-outcome = Outcome
appointment-status-proposed = Proposed
appointment-status-booked = Accepted
appointment-status-kept = Came
appointment-status-cancelled = Cancelled
appointment-status-no-show = Did not come
