### What donors read in their mail. No medical reason, no place, no unit, and no word of what it is about stands here:
### whoever sees a screen over a shoulder learns only that there is or was an appointment.

message-appointment-off-subject = Your appointment
message-appointment-off =
    Hello,

    The appointment arranged for you on { $day } at { $time } cannot take place as planned. There is no need to come at that time.

    Whoever arranged it with you will speak with you about what comes next. You may ask them at any time.
message-appointment-off-short = Your appointment on { $day } at { $time } cannot take place as planned: no need to come. Whoever arranged it will speak with you.
message-appointment-cancelled-subject = Your appointment is cancelled
message-appointment-cancelled =
    Hello,

    The appointment arranged for you on { $day } at { $time } is cancelled. There is no need to come at that time.

    Whoever arranged it with you can tell you about another one.
message-appointment-cancelled-short = Your appointment on { $day } at { $time } is cancelled: no need to come.
message-appointment-confirmed-subject = Your appointment is confirmed
message-appointment-confirmed =
    Hello,

    You accepted an appointment on { $day } at { $time }. The attached calendar file holds it.

    Should you not be able to come, please tell whoever arranged it with you.
message-appointment-confirmed-short = Your appointment on { $day } at { $time } is confirmed.
message-appointment-changed-subject = Your appointment has a new time
message-appointment-changed =
    Hello,

    Your appointment is now on { $day } at { $time }. The attached calendar file holds the new time.

    Should you not be able to come, please tell whoever arranged it with you.
message-appointment-changed-short = Your appointment is now on { $day } at { $time }.
message-reminder-subject = A reminder of your appointment
message-reminder =
    Hello,

    A reminder: you have an appointment on { $day } at { $time }.

    Should you not be able to come, please tell whoever arranged it with you.
message-reminder-short = A reminder: you have an appointment on { $day } at { $time }.
message-thank-you-subject = Thank you
message-thank-you =
    Hello,

    Thank you for coming on { $day }. It means much to people whom you may never meet.

    Should anything be on your mind afterwards, please tell whoever arranged it with you, at any time.
message-thank-you-short = Thank you for coming on { $day }. Should anything be on your mind afterwards, tell whoever arranged it with you, at any time.
message-gift-used-subject = A word of thanks
message-gift-used =
    Hello,

    What you gave on { $day } has helped somebody. They will never know your name, nor you theirs, and both of you can be glad of it.

    Thank you.
message-gift-used-short = What you gave on { $day } has helped somebody. Thank you.
message-entry = Appointment
message-automatic = This message was written by a machine, and nobody reads answers to it.
message-appointment-proposed-subject = A time is proposed to you
message-appointment-proposed =
    Hello,

    A time on { $day } at { $time } is proposed to you. It binds you to nothing until you say yes, and nobody expects a reason should you not.
message-appointment-proposed-short = A time on { $day } at { $time } is proposed to you. It binds you to nothing until you say yes to whoever arranged it.
message-eligible-again-subject = You may come again
message-eligible-again =
    Hello,

    You came on { $day }. From today you may come again, should it suit you. Nobody expects an answer.
message-eligible-again-short = You came on { $day }. From today you may come again, should it suit you.
message-invitation-subject = You are invited
message-invitation =
    Hello,

    You are invited on { $day }. Choose a time that suits you by the link below, or leave it: nobody expects an answer.
message-invitation-short = You are invited on { $day }. Should it suit you, ask whoever looks after you for a time.
message-level-changed-subject = There is something to look at
message-level-changed =
    Hello,

    A figure that you watch over changed on { $day } at { $time }. Sign in to see which and what to do.
message-level-changed-short = A figure that you watch over changed on { $day } at { $time }. Sign in to see which and what to do.
message-request-moved-subject = There is something to look at
message-request-moved =
    Hello,

    Something that your house asked for moved on { $day } at { $time }. Sign in to see where it stands.
message-request-moved-short = Something that your house asked for moved on { $day } at { $time }. Sign in to see where it stands.
message-account-changed-subject = Your account was changed
message-account-changed =
    Hello,

    Your account was changed by an administrator on { $day } at { $time }. If nobody told you, ask them.
message-account-changed-short = Your account was changed by an administrator on { $day } at { $time }. If nobody told you, ask them.
message-link-sign-in = Sign in
message-link-accept = Yes, I will come
message-link-cancel = I cannot come
message-link-move = Choose another time
message-link-book = Choose a time
message-link-tell = Something came up since
message-link-speak = Something came up since
message-link-aftercare = What does you good now
message-link-card = Your own page
message-link-pause = Pause for a while
message-link-stop = Stop these messages
