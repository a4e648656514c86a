---- MODULE TwoReconcilers ----
\* models/two_reconcilers.py
EXTENDS Naturals
CONSTANTS Clusters, Ownership
VARIABLES wanted, owner
vars == <<wanted, owner>>
Everyone == 1..Clusters
Nobody == 0

Init == wanted \in [Everyone -> BOOLEAN] /\ owner = [name \in Everyone |-> Nobody]

Garbage(name, label, me) == (name # me \/ ~wanted[me]) /\ (Ownership => label = me)
Kept(name, label, me) == IF label # Nobody /\ Garbage(name, label, me) THEN Nobody ELSE label
Made(name, me) == IF name = me /\ wanted[name] /\ owner[name] = Nobody THEN me ELSE owner[name]
Reconcile(me) == owner' = [name \in Everyone |-> Kept(name, Made(name, me), me)] /\ UNCHANGED wanted
ChangeOfMind(cluster) == wanted' = [wanted EXCEPT ![cluster] = ~@] /\ UNCHANGED owner
DeletedByHand(name) == /\ owner[name] # Nobody
                       /\ owner' = [owner EXCEPT ![name] = Nobody] /\ UNCHANGED wanted

Undisturbed == \E me \in Everyone : Reconcile(me)
Next == Undisturbed \/ \E i \in Everyone : ChangeOfMind(i) \/ DeletedByHand(i)
Spec == Init /\ [][Next]_vars
FairSpec == Spec /\ \A me \in Everyone : WF_vars(Reconcile(me))

AsWanted == \A name \in Everyone : (owner[name] # Nobody) = wanted[name]
Live == <>[][Undisturbed]_vars => <>[]AsWanted
====
