# The page behind a donor's own link. Nothing here says who the donor is.

link-title = Your appointment
link-accept-lead = You are offered an appointment on { $day } at { $time }.
link-accept = Yes, I will come
link-cancel-lead = Your appointment is on { $day } at { $time }.
link-cancel = Give the appointment back
link-book-lead = You are invited on { $day }, { $area }. Choose a time.
link-book-full = There is no free time any more.
link-book = Take this time
link-times = Free times
link-tell-lead = You can tell us here that what you gave shall not be used, or that something came up since. Nobody is told why, and nobody asks.
link-tell = Tell the blood bank
link-place = Place:
link-accepted = Thank you. Your appointment is booked.
link-cancelled = Your appointment was given back. Thank you for telling us.
link-booked = Thank you. Your appointment is on { $day } at { $time }.
link-told = Thank you. We took it in.
link-gone = This link is good no more. Ask whoever gave it to you for a new one.
