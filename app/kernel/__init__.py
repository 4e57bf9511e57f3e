"""What every room stands on: database, clock, words, refusals, web frame, jobs, mail, files, audit.

Nothing here knows a course or a certificate. What the kernel needs from above
(who is signed in, the navigation) it declares in `slots`; `app.features` fills it.
"""
