---- MODULE TwoPhaseCommit ----
\* models/two_phase_commit.py; the booleans of each manager are sets of managers, as in TwoPhase
EXTENDS Naturals
CONSTANTS Managers
VARIABLES manager, coordinator, heard, preparedSent, commitSent, abortSent
vars == <<manager, coordinator, heard, preparedSent, commitSent, abortSent>>
Everyone == 1..Managers

Init == /\ manager = [i \in Everyone |-> "working"]
        /\ coordinator = "init"
        /\ heard = {} /\ preparedSent = {}
        /\ commitSent = FALSE /\ abortSent = FALSE

Prepare(i) == /\ manager[i] = "working"
              /\ manager' = [manager EXCEPT ![i] = "prepared"]
              /\ preparedSent' = preparedSent \union {i}
              /\ UNCHANGED <<coordinator, heard, commitSent, abortSent>>
Becomes(i, state) == /\ manager' = [manager EXCEPT ![i] = state]
                     /\ UNCHANGED <<coordinator, heard, preparedSent, commitSent, abortSent>>
ChooseToAbort(i) == manager[i] = "working" /\ Becomes(i, "aborted")
Hear(i) == /\ coordinator = "init" /\ i \in preparedSent
           /\ heard' = heard \union {i}
           /\ UNCHANGED <<manager, coordinator, preparedSent, commitSent, abortSent>>
Commit == /\ coordinator = "init" /\ heard = Everyone
          /\ coordinator' = "committed" /\ commitSent' = TRUE
          /\ UNCHANGED <<manager, heard, preparedSent, abortSent>>
Abort == /\ coordinator = "init"
         /\ coordinator' = "aborted" /\ abortSent' = TRUE
         /\ UNCHANGED <<manager, heard, preparedSent, commitSent>>
ObeyCommit(i) == commitSent /\ Becomes(i, "committed")
ObeyAbort(i) == abortSent /\ Becomes(i, "aborted")

Next == \/ Commit \/ Abort
        \/ \E i \in Everyone : \/ Prepare(i) \/ ChooseToAbort(i) \/ Hear(i)
                               \/ ObeyCommit(i) \/ ObeyAbort(i)
Spec == Init /\ [][Next]_vars

Safe == ~\E i, j \in Everyone : manager[i] = "committed" /\ manager[j] = "aborted"
====
