"""The OpenAPI document: shapes, words and examples. It describes the rules and decides nothing."""
