"""Whether new data are still those that a version was trained on.

`profile` is kept with the version; `counting` counts new rows against it, batch by batch;
`two_sample` and `stability` say how far apart the two are, `comparison` a column at a time.
"""
