---- MODULE Counter ----
\* models/counter.py
EXTENDS Naturals
CONSTANTS Digits, Base
VARIABLE digit
Init == digit = [i \in 1..Digits |-> 0]
Next == \E i \in 1..Digits : digit' = [digit EXCEPT ![i] = (@ + 1) % Base]
Spec == Init /\ [][Next]_digit
====
