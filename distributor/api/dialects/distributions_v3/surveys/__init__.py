"""`/surveys/{SV}` and `/survey-definitions/{SV}`: one survey, its questions and its definition."""
