"""Why a text got its score: contributions of words and phrases, nearest examples."""
