"""The way out: letters to the relay, signed by the key of their domain. A letter is in doubt deferred, and what became of it is a type.

A deferred letter is tried again for five days, with pauses that grow. If the reply to DATA is lost, nobody can know whether the relay has
it: it is tried once more after 15 minutes, byte for byte the same; then it stays `unknown` and the agents are told. Thanks for a rating
and warnings are not tried again: missing is better than twice. A courier begins its next letter only when the end of the last one is
written down, so a program that is killed sends at most one letter for each connection a second time, and its row says `doubted`. An
address that does not work, by the word of somebody who can know (docs/decisions/0028), gets nothing automatic for 60 days, unless
somebody answers from it; the words of an agent are always tried."""
