---- MODULE Fleet ----
\* models/fleet.py; 0 absent, 1 starting, 2 running, 3 failed
EXTENDS Naturals, FiniteSets
CONSTANTS Servers, Faults
VARIABLES server, view, left
vars == <<server, view, left>>
Everyone == 1..Servers

Init == /\ server = [i \in Everyone |-> 0]
        /\ view = [i \in Everyone |-> 0]
        /\ left = Faults

Observe(i) == view[i] # server[i] /\ view' = [view EXCEPT ![i] = server[i]] /\ UNCHANGED <<server, left>>
Start(i) == view[i] \in {0, 3} /\ server' = [server EXCEPT ![i] = 1] /\ UNCHANGED <<view, left>>
StartOk(i) == server[i] = 1 /\ server' = [server EXCEPT ![i] = 2] /\ UNCHANGED <<view, left>>
Fails(i, from) == /\ server[i] = from /\ left > 0
                  /\ server' = [server EXCEPT ![i] = 3] /\ left' = left - 1 /\ UNCHANGED view

Next == \E i \in Everyone : Observe(i) \/ Start(i) \/ StartOk(i) \/ Fails(i, 1) \/ Fails(i, 2)
Spec == Init /\ [][Next]_vars
UnpromisedSpec == Spec /\ \A i \in Everyone : WF_vars(Observe(i)) /\ WF_vars(Start(i))
FairSpec == UnpromisedSpec /\ \A i \in Everyone : WF_vars(StartOk(i))

Safe == /\ Cardinality({i \in Everyone : server[i] = 3}) + left <= Faults
        /\ \A i \in Everyone : ~(server[i] = 1 /\ view[i] = 2)
\* The faults are counted, so they end by themselves.
Live == <>[](\A i \in Everyone : server[i] = 2)
====
