"""Mail that comes in, read: bounces, complaints, automatic answers, replies. Bytes go in, values come out."""
