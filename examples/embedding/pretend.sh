# Pretends to work, so that there is something to look at: about a line a second, for half an hour.
# What it pretends is the first argument; the second one is the service that is restarted.

number=0
while [ "$number" -lt 1800 ]; do
    number=$((number + 1))
    case $1 in
        deploy)
            echo "copied release/part-$number.tar to shop-$((number % 3 + 1)).example.org"
            [ $((number % 10)) = 0 ] && echo "shop-2 answers slowly; trying again" >&2 ;;
        backup) echo "$((number * 37)) MB of 66,600 MB saved, $((number * 100 / 1800)) % done" ;;
        tests)
            printf 'test_order_%d \033[32mpassed\033[0m\n' "$number"
            [ $((number % 8)) = 0 ] && printf 'test_invoice_%d \033[31mfailed\033[0m\n' "$number" >&2 ;;
        import) echo "order $((40000 + number)): $((number % 5 + 1)) items, paid" ;;
        restart) echo "$2: worker $number has taken over" ;;
    esac
    sleep 1
done
