### Planning drives, and the week of those who plan them.

page-week = My week
week-title = What is on this week?
week-caption = Places of each slot that are taken, of those there are. What is full is struck through and hatched.
week-from = Week from
week-before = The week before
week-this = This week
week-after = The week after
week-days = Days
week-all-units = All my units
week-booked = taken
week-women = women
week-lane =
    { $n ->
        [one] one place a slot for those who come unannounced
       *[other] { $n } places a slot for those who come unannounced
    }
week-closed = Roads closed: { $where }
week-none = Nothing is planned in this week.
week-more = There are more drives in this week than are shown: choose a unit.
column-unit-of = Unit
action-plan-drive = Plan a drive
absence-kind-deployed = Deployed
absence-kind-alert = On alert
absence-kind-leave = On leave

weekday-name-sunday = Sunday
weekday-name-monday = Monday
weekday-name-tuesday = Tuesday
weekday-name-wednesday = Wednesday
weekday-name-thursday = Thursday
weekday-name-friday = Friday
weekday-name-saturday = Saturday

input-at-least = At least
input-at-most = At most
input-since = Since, if known
input-between = Between

drive-title = Drive
drive-new-title = What would this drive be?
drive-from-blueprint = Begin with a blueprint:
drive-part-where = Where and whose
drive-part-when = When
drive-part-room = Room
drive-part-terms = Terms
drive-part-targets = Units to bring, by group
drive-field-title = Name
drive-field-unit = Unit
drive-field-governorate = Governorate
drive-field-place = Place
drive-place-hint = Shown to those who run it, and to those invited from two days before.
drive-field-facility = Blood bank that collects
drive-no-facility = Not known yet
drive-field-date = Day
drive-field-from = From
drive-field-to = To
drive-field-last = Until the day
drive-last-hint = For drives of one shape on many days: also tick the weekdays. Leave it empty for one drive.
drive-field-weekdays = On these weekdays
drive-field-slot-minutes = Minutes of a slot
drive-field-beds = Beds
drive-field-staff = Those who collect
drive-field-walk-ins = Places of each slot for those who come unannounced
drive-field-donation-types = What it collects
drive-field-breaks = Pause
drive-field-break-from = Pause from
drive-field-break-to = Pause until
drive-field-women = For women
drive-field-women-from = For women from
drive-field-women-to = For women until
drive-field-at-prayer = Also at the time of Friday prayer
drive-field-for-unfasting = Also in fasting hours, for those who do not fast
drive-field-outdoor = Outdoors
drive-field-high-c = How hot it will be, °C
drive-field-overbook = Book more, where few of those booked come
drive-field-show-per-cent = Of a hundred booked, so many come
drive-show-hint = By the unit's own record unless told.
drive-field-draft = Keep as a draft
drive-field-targets = Units to bring
drive-field-name = Name of the blueprint
drive-field-sure = I know that everybody who has an appointment is told.
action-preview = Look at it first
action-save-drive = Plan it
action-keep-blueprint = Keep as a blueprint
drive-keep = Keep this shape under a name
drive-preview = What it would be
drive-eligible =
    { $n ->
        [one] One donor of the unit may give that day.
       *[other] { $n } donors of the unit may give that day.
    }
drive-show = Of a hundred booked, { $n } come.
drive-places = Places
drive-come = May come
drive-units = Units
drive-notes = In the way, and what day it is
drive-by-group = Expected units by group
drive-preview-note = Nothing is written yet. Expected is what donors of the unit may bring when every place they can fill is booked.
drive-left-out = { $time } is left out: { $why }
kept-free-friday-prayer = Friday prayer
kept-free-fasting = fasting hours
drive-clash-block = The unit is busy: { $branch }. Whoever takes part cannot be booked.
drive-clash-warn = The unit is busy: { $branch }. Whoever takes part is booked only with a reason.
drive-clashes = What else the units do then
drive-clash-blocks = Whoever takes part cannot be booked.
drive-clash-warns = Whoever takes part is booked only with a reason.
drive-slots = Slots
drive-waiting = Waiting for a place
drive-in-person = To be told in person
drive-copy = The same on another day
drive-call-off = Call it off
action-publish = Open for booking
action-close-booking = Take no more bookings
action-reopen = Take bookings again
action-copy-drive = Plan it on that day
action-call-off = Call the drive off
action-drive-day = The day of the drive
action-drive-day-now = Run today's drive
action-book-donors = Book donors
drive-invite = Ask donors by message
drive-invite-note = Donors of the unit who may give that day, want to be written to, have no place yet and were not asked before. Who they are is not told; the message says neither where nor what for.
drive-field-groups = Groups; none ticked: any
drive-field-most = How many at most
action-invite = Ask them
page-call = To call
call-title = Whom can I call today?
call-any = Any group
call-note = Only donors who may give whole blood today, who have not refused calls and have no appointment to come. To give earlier is never offered.
call-none = Nobody of this group may give today.
call-caption = Whoever was asked longest ago first. Open a record to see whose it is.
call-asked = Last asked by message
call-never = Never
