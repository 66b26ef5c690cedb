"""A day of sample events: realistic persons of Sichuan, none of them real, whose numbers end as the sandbox's endings say."""
