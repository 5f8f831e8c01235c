for port in 5001 5002; do
    redis-cli -p "$port" cluster forget 93a76ea0a11b3fc2e264c89a739f1f59541e764a
done
redis-cli -p 5001 cluster addslots {10923..16383}
redis-cli -p 5001 cluster bumpepoch
redis-cli -p 5001 cluster info
