"""Messages of the library, which are the organisation's templates: `/libraries/{id}/messages`."""
