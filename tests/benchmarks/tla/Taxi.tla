---- MODULE Taxi ----
\* models/taxi.py
EXTENDS Naturals
CONSTANTS Street
VARIABLES position, destination
vars == <<position, destination>>
Blocks == 0..Street - 1

Init == position = 0 /\ destination \in Blocks
Drive == /\ position' = IF position < destination THEN position + 1
                        ELSE IF position > destination THEN position - 1 ELSE position
         /\ UNCHANGED destination
Roadblock == position > 0 /\ position' = position - 1 /\ UNCHANGED destination
FriendMoves(hotel) == destination' = hotel /\ UNCHANGED position

Undisturbed == Drive
Next == Undisturbed \/ Roadblock \/ \E hotel \in Blocks : FriendMoves(hotel)
Spec == Init /\ [][Next]_vars
FairSpec == Spec /\ WF_vars(Drive)

Safe == position \in Blocks
Live == <>[][Undisturbed]_vars => <>[](position = destination)
====
