//! Pulls the cameras of one home, finds motion, seals events and delivers them
