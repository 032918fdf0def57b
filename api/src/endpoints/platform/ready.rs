//! `GET /health/ready`
