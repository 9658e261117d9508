"""Where concrete things meet: camera, models, gallery and window. Nothing else builds them together."""
