//! HTTP API, device API and the web app
