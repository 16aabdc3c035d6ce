"""The made-up town: customers whose truth is known, their records in three channels, and the errors of those who typed.

`town.make` invents it in memory, `channels.write` puts it into three real channels, `server.serve` is the application
server that the online channel is pulled from, and `example.settings` is the `kehu.toml` that reads all three.
"""
