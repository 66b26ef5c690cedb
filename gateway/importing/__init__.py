"""Files of persons and contacts → events: .csv, .xlsx and .ndjson, as agencies have them. docs/import.md says what they may hold."""
