---- MODULE KubeRay ----
\* models/kuberay.py, WithExpectations
EXTENDS Integers
CONSTANTS Replicas
VARIABLES desired, pods, view, awaited, writing, have, missing
vars == <<desired, pods, view, awaited, writing, have, missing>>
Quota == Replicas + 2
Unknown == -1

Init == /\ desired \in 0..Replicas
        /\ pods = 0 /\ view = 0 /\ awaited = Unknown
        /\ writing = FALSE /\ have = 0 /\ missing = 0

Again == writing' = FALSE /\ have' = 0 /\ missing' = 0 /\ UNCHANGED <<desired, view>>
Create == pods' = IF pods < Quota THEN pods + 1 ELSE Quota
Delete == pods' = IF pods > 0 THEN pods - 1 ELSE 0

Look == /\ ~writing /\ awaited \in {Unknown, view}
        /\ have' = IF awaited = Unknown THEN pods ELSE view
        /\ awaited' = have' /\ missing' = desired - have' /\ writing' = TRUE
        /\ UNCHANGED <<desired, pods, view>>
Write == /\ writing
         /\ \/ missing > 0 /\ Create /\ awaited' = have + 1
            \/ missing < 0 /\ Delete /\ awaited' = have - 1
            \/ missing = 0 /\ UNCHANGED <<pods, awaited>>
         /\ Again
Refresh == view # pods /\ view' = pods /\ UNCHANGED <<desired, pods, awaited, writing, have, missing>>

CreateReplyLost == writing /\ missing > 0 /\ Create /\ awaited' = Unknown /\ Again
DeleteReplyLost == writing /\ missing < 0 /\ Delete /\ awaited' = Unknown /\ Again
CreateRefused == writing /\ missing > 0 /\ awaited' = Unknown /\ Again /\ UNCHANGED pods
DeleteRefused == writing /\ missing < 0 /\ awaited' = Unknown /\ Again /\ UNCHANGED pods
\* Not as a disjunction, of which TLC would count each part as a step.
Crash == ~(~writing /\ awaited = Unknown) /\ awaited' = Unknown /\ Again /\ UNCHANGED pods

Undisturbed == Look \/ Write \/ Refresh
Next == \/ Undisturbed \/ Crash
        \/ CreateReplyLost \/ DeleteReplyLost \/ CreateRefused \/ DeleteRefused
Spec == Init /\ [][Next]_vars
FairSpec == Spec /\ WF_vars(Look) /\ WF_vars(Write) /\ WF_vars(Refresh)

Safe == pods <= desired + 1
Live == <>[][Undisturbed]_vars => <>[](pods = desired)
====
