"""The audit: who did what, from where, with which result; and the page of it for those who may."""
