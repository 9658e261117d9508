"""The kiosk: a full-screen flow in which strangers enrol themselves and are greeted."""
