# What `ansible-test` runs in a new environment to have pip there.
import ensurepip

ensurepip.bootstrap()
