"""The plans of `training.run`: which stages, in which order, with which options.

Every stage has a folder of its own under the run's, named like the step. The last step's
`checkpoint/` is what the run ends with.
"""
