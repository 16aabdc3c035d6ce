"""The command `kehu`: reads arguments, calls one flow, prints what came of it."""
