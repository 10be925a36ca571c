#!/bin/sh
# Runs once, when the database's folder is empty. The product's role owns its database and is no superuser.
set -eu
psql --username postgres --set password="$DATABASE_PASSWORD" <<'SQL'
CREATE ROLE distributor LOGIN PASSWORD :'password';
CREATE DATABASE distributor OWNER distributor;
SQL
