---- MODULE Kubelet ----
\* models/kubelet.py, LevelAndEdge
EXTENDS Naturals
CONSTANTS Pods
VARIABLES assigned, running, events, late, turn
vars == <<assigned, running, events, late, turn>>

Init == assigned = 0 /\ running = 0 /\ events = 0 /\ late = 0 /\ turn = 0

\* It listens first, after which no event is left to be late.
SyncLoop == /\ turn' = (turn + 1) % 3
            /\ running' = IF turn' = 0 THEN assigned ELSE running + events
            /\ events' = 0 /\ late' = 0
            /\ UNCHANGED assigned
Assign == /\ assigned < Pods
          /\ assigned' = assigned + 1 /\ events' = events + 1
          /\ UNCHANGED <<running, late, turn>>
Restart == events' = 0 /\ late' = 0 /\ UNCHANGED <<assigned, running, turn>>

Undisturbed == SyncLoop
Next == Undisturbed \/ Assign \/ Restart
Spec == Init /\ [][Next]_vars
FairSpec == Spec /\ WF_vars(SyncLoop)

Safe == late = 0
Live == <>[][Undisturbed]_vars => <>[](running = assigned)
====
