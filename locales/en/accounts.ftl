### The second step of a sign-in.

second-share = Open an authenticator app on your phone and scan this picture, then enter your password again and the code that the app shows.
second-picture = Picture to be scanned by an authenticator app
second-here = Open it in an app on this device
second-typed = Or type this into the app:
second-code = Code of six digits, or a recovery code

recovery-title = Keep these codes
recovery-why = Each is good once, in place of the phone's code, for the day on which the phone is lost. They are not shown again: write them down and keep them away from this device.
recovery-kept = I have written them down

page-sign-ins = My account
sign-ins-title = Where am I signed in?
sign-ins-lead = End what you do not know and tell an administrator, who gives your account a new password. Elsewhere it ends within seconds.
sign-ins-since = Since
sign-ins-until = At the latest until
sign-ins-kind = By
sign-in-kind-browser = a browser
sign-in-kind-api = a program
sign-ins-this = this one
sign-ins-end = End it
