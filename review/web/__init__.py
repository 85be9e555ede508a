"""The parts that all pages share: app, forms, headers, languages and errors."""
