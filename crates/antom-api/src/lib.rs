//! Client for Antom's API.
