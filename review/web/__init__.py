"""What all pages share: the app, forms, headers, languages and errors."""
