#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bank;
mod credits;
mod desk;
mod laws;
mod receive;
mod steps;
mod take_back;

use super::*;
use desk::*;
