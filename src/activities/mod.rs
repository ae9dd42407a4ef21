//! The ten branches of the programme and their activities.
