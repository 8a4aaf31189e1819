module tlsee.invalid/interop

go 1.26
